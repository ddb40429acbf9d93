"""ESP: which association, is it genuine, what is inside."""
