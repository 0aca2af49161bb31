LIMIT = 3  # TODO: make this a setting
