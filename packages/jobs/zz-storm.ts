import { yuzuru } from './test/storm-contenders.ts'
import { storm } from './test/storm.ts'
const r = await storm({ contender: yuzuru(['plain', 'transactional']), jobs: 1000, workMs: 50, workers: 4, pauseMs: 1500, blows: 24, note: console.log })
console.log(JSON.stringify(r, null, 1))
