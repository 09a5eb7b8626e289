// node extract.mjs UNPACKED [ROWS]: the flights as CSV, in the order of their departures, to stdout. UNPACKED holds three npm packages,
// each under its name. Delays are of the arrival, in minutes; times have no zone in the file and are taken as UTC.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [from, rows] = process.argv.slice(2)
const load = (path) => import(pathToFileURL(`${from}/${path}`))
const { parquetMetadata, parquetReadObjects } = await load('hyparquet/package/src/index.js')
const { decompress } = await load('fzstd/package/esm/index.mjs')

const bytes = readFileSync(`${from}/vega-datasets/package/data/flights-3m.parquet`)
const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
const compressors = { ZSTD: (packed, size) => decompress(packed, new Uint8Array(size)) }
const count = Math.min(Number(rows ?? Infinity), Number(parquetMetadata(file).num_rows))

const write = async (text) => { if (!process.stdout.write(text)) await once(process.stdout, 'drain') }
await write('at,origin,destination,distance,delay\n')
for (let first = 0; first < count; first += 100_000) {
  const flights = await parquetReadObjects({ file, compressors, rowStart: first, rowEnd: Math.min(first + 100_000, count) })
  await write(flights.map((f) => `${f.date.toISOString().slice(0, 19)}Z,${f.origin},${f.destination},${f.distance},${f.delay}\n`).join(''))
}
