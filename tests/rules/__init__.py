"""Rules on trial: for each a capture that breaks it, one that meets it, and one for each trap of its row."""
