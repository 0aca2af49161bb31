"""Rename the workspace itself, or what lies beside it."""

import os

from prelude import attempt, facts

attempt("the workspace", lambda: os.rename(facts["workspace"], facts["workspace"] + "-moved"))
attempt("its neighbour", lambda: os.rename(facts["home"], facts["home"] + "-moved"))
attempt("something beside it", lambda: os.mkdir(facts["workspace"] + "-beside"))
