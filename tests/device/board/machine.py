def reset():
    print("reset")
