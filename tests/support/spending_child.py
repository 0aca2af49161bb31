"""Spends a budget with many threads, until it is gone or everything is answered. Killed and started again by tests.

python spending_child.py LEDGER URL CAP THREADS QUESTIONS
"""

import json
import sys
import threading
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.teaching import hired, wanted

from demiurgic_training.teachers.accounts import BudgetSpent
from demiurgic_training.teachers.desk import Desk
from demiurgic_training.teachers.ledger import Ledger
from demiurgic_training.teachers.prices import Price
from demiurgic_training.teachers.protocol import Unanswered

PRICE = Price("USD", Decimal("0.02"), Decimal("0.1"), Decimal("0.02"))


def main(path: str, url: str, cap: str, threads: int, questions: int) -> None:
    numbers = iter(range(questions))
    with Ledger(Path(path), {"USD": Decimal(cap)}) as ledger, hired("openai", url, PRICE, timeout=0.5) as one:
        desk = Desk({"t": one}, ledger)

        def work() -> None:
            for number in numbers:
                try:
                    desk.answer(wanted(f"question {number}"))
                except Unanswered:
                    continue
                except BudgetSpent:
                    return

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        sys.stdout.write(json.dumps({name: str(money.amount) for name, money in ledger.spent().items()}))


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5]))
