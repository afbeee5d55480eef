// Reads every generated AsyncAPI document with the AsyncAPI initiative's own parser; exit 1 on any error.
import { createRequire } from 'node:module';
import { readdirSync, readFileSync } from 'node:fs';

const [modules, folder] = process.argv.slice(2);
const { Parser } = createRequire(`${modules}/`)('@asyncapi/parser');
const ERROR = 0; // spectral's most severe level
let failed = false;
for (const name of readdirSync(folder).filter((file) => file.endsWith('.json')).sort()) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(`${folder}/${name}`, 'utf8'));
  const errors = diagnostics.filter((finding) => finding.severity === ERROR);
  console.log(`${name}: ${document && errors.length === 0 ? 'valid' : 'INVALID'}`);
  for (const error of errors) console.log(`  ${error.path.join('/')}: ${error.message}`);
  failed ||= !document || errors.length > 0;
}
process.exit(failed ? 1 : 0);
