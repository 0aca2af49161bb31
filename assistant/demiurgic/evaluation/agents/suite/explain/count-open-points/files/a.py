# TODO: use a real queue
jobs = []


def add(job):
    jobs.append(job)  # TODO: check the job
