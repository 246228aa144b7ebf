<?php
// php-redis against the server on the port given: what an application does with streams.
// Speaks RESP2.  Prints "ok" at the end; what does not hold is the failure of the test.
declare(strict_types=1);

function check(bool $holds, string $what): void
{
    if (!$holds) {
        throw new Exception("not so: $what");
    }
}

function same($seen, $expected): void
{
    check($seen === $expected, var_export($seen, true) . ' is ' . var_export($expected, true));
}

function wait_until(callable $condition, string $what): void
{
    $deadline = hrtime(true) + 20e9;
    while (!$condition()) {
        check(hrtime(true) < $deadline, $what);
        usleep(2000);
    }
}

function connect(int $port): Redis
{
    $redis = new Redis();
    $redis->connect('127.0.0.1', $port);
    return $redis;
}

function streams(Redis $redis): void
{
    $first = $redis->xAdd('s', '*', ['name' => 'one', 'n' => '1']);
    $second = $redis->xAdd('s', '*', ['name' => 'two'], 1000, true);
    same($redis->xLen('s'), 2);
    same($redis->xRange('s', '-', '+'),
        [$first => ['name' => 'one', 'n' => '1'], $second => ['name' => 'two']]);
    same($redis->xRevRange('s', '+', '-', 1), [$second => ['name' => 'two']]);
    same($redis->xRead(['s' => $first]), ['s' => [$second => ['name' => 'two']]]);
    same($redis->xDel('s', [$first]), 1);
    same($redis->xTrim('s', 0), 1);
    $info = $redis->xInfo('STREAM', 's');
    same([$info['length'], $info['last-generated-id']], [0, $second]);
    same($redis->xAdd('s', '1-1', ['f' => 'v']), false);
    check(str_contains($redis->getLastError(), 'equal or smaller'), 'an ID of the past is refused');
}

// This script again, in a process of its own: it prints what it read.
function reader(int $port): void
{
    echo json_encode(connect($port)->xRead(['b' => '$'], 1, 20000));
}

function blocking_read(Redis $redis, int $port): void
{
    $words = [PHP_BINARY, __FILE__, (string)$port, 'reader'];
    $reader = proc_open($words, [1 => ['pipe', 'w']], $pipes);
    wait_until(fn () => $redis->info('clients')['blocked_clients'] === 1, 'a blocked reader');
    $id = $redis->xAdd('b', '*', ['f' => 'v']);
    same(stream_get_contents($pipes[1]), json_encode(['b' => [$id => ['f' => 'v']]]));
    same(proc_close($reader), 0);
    same($redis->xRead(['b' => '$'], 1, 10), []);
}

function pipelines(Redis $redis): void
{
    $pipeline = $redis->multi(Redis::PIPELINE);
    $ids = [];
    for ($n = 1; $n <= 100; ++$n) {
        $ids[] = "$n-0";
        $pipeline->xAdd('p', "$n-0", ['n' => (string)$n]);
    }
    same($pipeline->xAdd('p', '1-0', ['n' => '0'])->xLen('p')->exec(), [...$ids, false, 100]);
}

function transactions(Redis $redis, int $port): void
{
    same($redis->multi()->xAdd('p', '200-0', ['f' => 'v'])->xLen('p')->exec(), ['200-0', 101]);
    $watcher = connect($port);
    $watcher->watch('p');
    $redis->xAdd('p', '201-0', ['f' => 'v']);
    same($watcher->multi()->xLen('p')->exec(), false);
    same($watcher->multi()->xLen('p')->exec(), [102]);
    $watcher->close();
}

function looking_around(Redis $redis): void
{
    same($redis->info()['redis_mode'], 'standalone');
    check($redis->client('SETNAME', 'php'), 'a name is set');
    same($redis->client('GETNAME'), 'php');
    same(array_count_values(array_column($redis->client('LIST'), 'name'))['php'], 1);
    same($redis->config('GET', 'maxclients'), ['maxclients' => '10000']);
    $keys = [];
    $cursor = null;
    while (($page = $redis->scan($cursor)) !== false) {
        $keys = [...$keys, ...$page];
    }
    sort($keys);
    same($keys, ['b', 'p', 's']);
    same($redis->rawCommand('XINFO', 'GROUPS', 's'), []);
    same($redis->del('p'), 1);
    check($redis->flushAll(), 'everything goes');
    same($redis->dbSize(), 0);
}

$port = (int)$argv[1];
if (($argv[2] ?? '') === 'reader') {
    reader($port);
    exit;
}
$redis = connect($port);
same($redis->ping(), true);
streams($redis);
blocking_read($redis, $port);
pipelines($redis);
transactions($redis, $port);
looking_around($redis);
$redis->close();
echo "ok\n";
