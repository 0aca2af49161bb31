"""Money, prices and what they come to."""

import datetime
from decimal import Decimal

import pytest
from support.teaching import wanted

from demiurgic.errors import UserError
from demiurgic.messages import Usage
from demiurgic_training.teachers.money import Money, parse_budget, parse_money
from demiurgic_training.teachers.prices import load_prices
from demiurgic_training.teachers.worst import worst_cost


@pytest.mark.parametrize("text", ["50usd", "50 USD", "$50", "50.00Usd"])
def test_amounts_as_people_write_them(text):
    assert parse_money(text) == Money(Decimal(50), "USD")


@pytest.mark.parametrize("text", ["50", "usd", "-5usd", "$5usd", "5 dollars", "", "1e3usd", "nanusd"])
def test_what_is_no_amount(text):
    with pytest.raises(UserError, match="no amount of money"):
        parse_money(text)


def test_budgets_are_one_for_each_currency_and_more_than_nothing():
    assert parse_budget(["5usd", "30cny"]) == {"USD": Decimal(5), "CNY": Decimal(30)}
    with pytest.raises(UserError, match="two budgets"):
        parse_budget(["5usd", "$6"])
    with pytest.raises(UserError, match="buys nothing"):
        parse_budget(["0usd"])


def test_every_shipped_price_is_dated_and_has_a_currency():
    shipped = load_prices()
    assert shipped.full_name("anthropic") in shipped.prices
    assert shipped.full_name("openai") in shipped.prices
    for name, price in shipped.prices.items():
        assert isinstance(price.as_of, datetime.date), name
        assert len(price.currency) == 3
        assert price.batch == Decimal("0.5"), name
        assert 0 < price.cached <= price.input < price.output


def test_a_model_without_a_price_is_not_free():
    with pytest.raises(UserError, match="price of openai:unheard-of is not known") as caught:
        load_prices().price("openai:unheard-of")
    assert "--price" in caught.value.hint


def test_prices_of_the_user_go_first(tmp_path):
    own = tmp_path / "prices.toml"
    entry = '[[model]]\nname = "openai:gpt-6-sol"\ncurrency = "EUR"\ninput = 7\noutput = 9\n'
    own.write_text(f'{entry}[teachers]\nopenai = "openai:x"\n')
    prices = load_prices(own, ["http://h:1/v1#a=b=1/2cny"])
    assert prices.price("openai:gpt-6-sol").of(Usage(prompt=1_000_000)) == Money(Decimal(7), "EUR")
    assert prices.price("openai:gpt-6-sol").batch is None
    assert prices.full_name("openai") == "openai:x"
    assert prices.price("http://h:1/v1#a=b").of(Usage(completion=500_000)) == Money(Decimal(1), "CNY")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('currency = "USD"\ninput = -1\noutput = 1', "input is -1"),
        ('currency = "USD"\ninput = 1', "has no 'output'"),
        ("input = 1\noutput = 1", "has no 'currency'"),
        ('currency = "USD"\ninput = 1\noutput = 1\nouput = 2', "'ouput' is not known"),
        ('currency = "USD"\ninput = 1\noutput = 1\ncached = 2', "cached tokens"),
    ],
)
def test_a_price_that_cannot_be_is_told_with_its_place(tmp_path, entry, told):
    own = tmp_path / "prices.toml"
    own.write_text(f'[[model]]\nname = "m"\n{entry}\n')
    with pytest.raises(UserError, match=told):
        load_prices(own)


def test_cached_tokens_cost_less_and_batches_half():
    price = load_prices().price("anthropic:claude-haiku-5-5")
    usage = Usage(prompt=3_000_000, cached=1_000_000, completion=2_000_000)
    assert price.of(usage).amount == Decimal("1.21")
    assert price.together().of(usage).amount == Decimal("0.605")


def test_a_prompt_beyond_what_a_price_holds_for_is_refused():
    price = load_prices().price("anthropic:claude-haiku-5-5")
    with pytest.raises(UserError, match="price holds for"):
        worst_cost(wanted("x" * 100_000).ask, price)
