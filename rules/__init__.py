"""The catalogue: one rule a file, the folder is the family, the file name is the bad thing."""
