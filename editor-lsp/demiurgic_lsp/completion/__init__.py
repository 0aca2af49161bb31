"""Ghost text: from a place in a document to the text that is missing there."""
