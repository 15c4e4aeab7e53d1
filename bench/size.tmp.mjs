import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'
const r = await build({ stdin:{contents:"export * from '@yuzuru/concurrency'", resolveDir:import.meta.dirname}, bundle:true, minify:true, write:false, format:'esm', platform:'node', target:'node24', metafile:true})
console.log(gzipSync(r.outputFiles[0].contents,{level:9}).length, r.outputFiles[0].contents.length)
import fs from 'node:fs'; fs.writeFileSync('/tmp/conc/s/out.js', r.outputFiles[0].text)
