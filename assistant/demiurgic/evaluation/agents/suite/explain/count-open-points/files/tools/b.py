def todo():
    # TODO: write this
    # TODO: and test it
    return "nothing TODO"
