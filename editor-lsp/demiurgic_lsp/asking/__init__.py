"""Questions and wishes about a passage of code: from a selection to an explanation or an edit."""
