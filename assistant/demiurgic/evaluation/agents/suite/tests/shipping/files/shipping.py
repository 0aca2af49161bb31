def cost(kilograms, value, express=False):
    """What sending a parcel costs, in cents.

    Up to 1 kg 490, up to 5 kg 690, up to 20 kg 1290; heavier ones raise ValueError, as does a weight that is not above
    0. From a value of 5000 on, parcels of up to 5 kg go free of charge. Express costs 500 more, always.
    """
    if kilograms <= 0 or kilograms > 20:
        raise ValueError(f"no parcel: {kilograms} kg")
    price = 490 if kilograms <= 1 else 690 if kilograms <= 5 else 1290
    if value >= 5000 and kilograms <= 5:
        price = 0
    return price + 500 if express else price
