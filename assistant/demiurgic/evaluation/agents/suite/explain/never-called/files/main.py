import report


def main():
    print(report.build([3, 1, 2]))


if __name__ == "__main__":
    main()
