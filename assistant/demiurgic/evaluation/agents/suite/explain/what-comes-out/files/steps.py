def double(number):
    return number * 2


def add_three(number):
    return number + 3
