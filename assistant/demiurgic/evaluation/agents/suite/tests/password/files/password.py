def is_strong(password):
    """A strong password has at least 8 letters, a digit and a capital letter, and no spaces."""
    return (
        len(password) >= 8
        and any(letter.isdigit() for letter in password)
        and any(letter.isupper() for letter in password)
        and " " not in password
    )
