"""States of the workspace that can be had back: every file's bytes and mode, every link, every empty folder.

They are kept in a git directory of our own, outside of the workspace. The user's repository, its index, hooks,
attributes and settings take no part in it; of a `.git` folder nothing is saved, restored or deleted.
Hard links come back as files, and owners, times, access lists and extended attributes as the system makes them.
"""
