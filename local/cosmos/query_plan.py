"""How a query is to be run over partitions, which .NET's client asks before it runs one.

With one physical partition every row is the partition's own: the plan passes the query on as it is. An
ordered one would have to be written anew, and is refused.
"""

import re

from local.cosmos.protocol import Answer, Call, CosmosError, decode_object, encode

_PLAN = {
    "partitionedQueryExecutionInfoVersion": 2,
    "queryInfo": {
        "distinctType": "None",
        "top": None,
        "offset": None,
        "limit": None,
        "orderBy": [],
        "orderByExpressions": [],
        "groupByExpressions": [],
        "groupByAliases": [],
        "aggregates": [],
        "groupByAliasToAggregateType": {},
        "rewrittenQuery": "",
        "hasSelectValue": False,
        "hasNonStreamingOrderBy": False,
    },
    "queryRanges": [{"min": "", "max": "FF", "isMinInclusive": True, "isMaxInclusive": False}],
}


def plan(call: Call) -> Answer:
    """The plan that passes the query on; 400 for one that is ordered, grouped or reduced."""
    text = str(decode_object(call.body).get("query", ""))
    beyond = re.search(
        r"\b(ORDER BY|GROUP BY|DISTINCT|TOP|OFFSET|COUNT|SUM|MIN|MAX|AVG)\b", text, re.IGNORECASE
    )
    if beyond:
        raise CosmosError(400, f"this stand-in makes no plan of a query with {beyond[1]}")
    return Answer(200, encode(_PLAN))
