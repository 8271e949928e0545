// Asks Microsoft's Kusto language service about queries: syntax, names, types, functions, and reserved names.
// Standard input: [{"name": …, "text": …}]. Standard output: {"findings": […], "reserved": […]}.
"use strict";
const fs = require("fs");
const path = require("path");
const packages = path.join(process.argv[2], "node_modules", "@kusto", "language-service-next");
require(path.join(packages, "bridge.js")); // the runtime of the next one: it defines globals, so it goes first
require(path.join(packages, "Kusto.Language.Bridge.js"));
const { KustoCode, KustoFacts, GlobalState, Symbols, Syntax } = Kusto.Language;

const rows = (found) => (Array.isArray(found) ? found : Bridge.toArray(found));

/** What a query scoped to an Application Insights component sees, as far as ours ask for it. */
function database() {
  const tables = JSON.parse(fs.readFileSync(path.join(__dirname, "tables.json"), "utf8"));
  const symbols = Object.entries(tables).map(([name, columns]) => {
    const schema = Object.entries(columns).map(([column, type]) => `${column}:${type}`);
    return new Symbols.TableSymbol.$ctor7(name, `(${schema.join(", ")})`, null);
  });
  return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("insights", symbols));
}

/** Names a query gives (let, extend, summarize, project) without brackets around them. */
function given(code) {
  const names = [];
  Syntax.SyntaxElement.WalkNodes(code.Syntax, (node) => {
    const bare = Bridge.is(node, Syntax.NameDeclaration) && Bridge.is(node.Name, Syntax.TokenName);
    if (bare && !Bridge.is(node.Parent, Syntax.NamedParameter)) names.push(node.SimpleName);
  });
  return names;
}

function line(text, offset) {
  return text.slice(0, offset).split("\n").length;
}

function check(query, known, reserved) {
  const code = KustoCode.ParseAndAnalyze(query.text, known);
  const found = rows(code.GetDiagnostics()).map(
    (each) => `${query.name}, line ${line(query.text, each.Start)}: ${each.Code} ${each.Message}`,
  );
  const names = given(code).filter((name) => reserved.includes(name));
  return [...found, ...names.map((name) => `${query.name}: ${name} is a reserved name`)];
}

const reserved = [];
for (const each = Bridge.getEnumerator(KustoFacts.s_engineCommandKeywordsThatNeedBrackets); each.moveNext(); ) {
  reserved.push(each.Current);
}
const known = database();
const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const findings = asked.flatMap((query) => check(query, known, reserved));
console.log(JSON.stringify({ findings: [...new Set(findings)], reserved: reserved.sort() }));
