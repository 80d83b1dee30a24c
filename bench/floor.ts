import http from 'node:http';

// The floor: a bare server that reads a request and answers the same bytes each time.
const size = Number(process.argv[2] ?? 200);
const body = 'x'.repeat(size);
const server = http.createServer((request, response) => {
  request.on('data', () => undefined);
  request.on('end', () => {
    response.writeHead(200, ['content-type', 'application/x-amz-json-1.1', 'content-length', String(size)]);
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}\n`);
});
