/** Packs the published packages into the folder that `YUZURU_TARBALLS` names, for the checks that use them after. */
import { packAll } from './pack-all.ts'

const { YUZURU_TARBALLS: folder } = process.env
if (folder === undefined) throw new TypeError('Expected YUZURU_TARBALLS to name a folder')
console.log([...(await packAll(folder)).values()].join('\n'))
