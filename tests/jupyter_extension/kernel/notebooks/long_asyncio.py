# Asynchronous cells.
# %%
import asyncio
queue, lock = asyncio.Queue(), asyncio.Lock()
async def work(name, count):
    for number in range(count):
        await asyncio.sleep(0)
        async with lock:
            await queue.put((name, number))
    return name
await asyncio.gather(work("a", 2), work("b", 1))
# %%
queue.qsize(), await queue.get()
# %%
async def drain():
    found = []
    while not queue.empty():
        found.append(await queue.get())
    return found
sorted(await drain())
# %%
event = asyncio.Event()
task = asyncio.ensure_future(work("c", 1))
await task
event.set()
event.is_set(), queue.qsize()
