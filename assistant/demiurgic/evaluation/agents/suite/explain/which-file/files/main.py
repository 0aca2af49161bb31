from shop import cart, money

print(cart.total([1, 2]), money.convert(3, "1.5"))
