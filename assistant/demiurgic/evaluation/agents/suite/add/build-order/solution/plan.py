def missing(needs):
    """Steps that are needed and not described, in alphabetical order."""
    named = {step for steps in needs.values() for step in steps}
    return sorted(named - set(needs))


def order(needs):
    """All steps, each after those that it needs. Raises ValueError for circles."""
    waiting = {step: set(steps) for step, steps in needs.items()}
    waiting.update((step, set()) for step in missing(needs))
    done = []
    while waiting:
        ready = sorted(step for step, steps in waiting.items() if steps <= set(done))
        if not ready:
            raise ValueError(f"steps that need each other: {', '.join(sorted(waiting))}")
        done.append(ready[0])
        del waiting[ready[0]]
    return done
