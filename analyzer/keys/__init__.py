"""Keys of the user: files of several formats, and what follows from them."""
