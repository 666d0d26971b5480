from pathlib import Path
import asyncio
def test_it(small_model):
    from rasa.core.agent import Agent
    a=Agent.load(str(small_model)); print(a.domain.intents[:3])
    for t in ("is the ticket free?","my sister is 19 can she come","19","/ask_cost", "/inform{\"answer\": \"spouse\"}"):
        print(t, {k:v for k,v in asyncio.run(a.parse_message(t)).items() if k in("intent","entities")})
