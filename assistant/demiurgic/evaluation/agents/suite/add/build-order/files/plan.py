def missing(needs):
    """Steps that are needed and not described, in alphabetical order."""
    named = {step for steps in needs.values() for step in steps}
    return sorted(named - set(needs))
