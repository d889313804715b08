# asyncio.wait_for() drops the result of what ends in the very turn in which its time is over:
# what was received is lost. So no part of the package uses it: web.waiting, web.connect().
#
# present: 1.25 1.26.1 1.29-preview
import asyncio

taken = []


async def receive():
    try:
        await asyncio.sleep_ms(5)
    finally:
        taken.append("message")  # it has left its queue
    return "message"


async def main():
    for _ in range(200):
        try:
            if await asyncio.wait_for_ms(receive(), 5):
                taken.pop()
        except asyncio.TimeoutError:
            pass
        if taken:
            return True
    return False


print("present" if asyncio.run(main()) else "absent")
