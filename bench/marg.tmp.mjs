import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'
import * as all from '@yuzuru/concurrency'
const names = Object.keys(all)
const size = async (n) => { const r = await build({ stdin:{contents:`export { ${n.join(',')} } from '@yuzuru/concurrency'`, resolveDir:import.meta.dirname}, bundle:true, minify:true, write:false, format:'esm', platform:'node', target:'node24'}); return gzipSync(r.outputFiles[0].contents,{level:9}).length }
const full = await size(names); console.log(full)
const out=[]; for (const x of names) out.push([full - await size(names.filter(n=>n!==x)), x])
console.log(out.sort((a,b)=>b[0]-a[0]).slice(0,25).map(x=>x.join(' ')).join('\n'))
