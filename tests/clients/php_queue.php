<?php
// A queue with php-redis: its producer and its consumers, each a process (see queue.h).
// php-redis 5.3 has no XAUTOCLAIM: XPENDING says what is there, XCLAIM takes what is idle.
declare(strict_types=1);

function payload_of(int $job): string
{
    $bytes = '';
    for ($at = 0; $at < $job % 300; ++$at) {
        $bytes .= chr(($job + 7 * $at) % 256);
    }
    return $bytes;
}

function tell(...$words): void
{
    fwrite(STDOUT, implode(' ', $words) . "\n");
}

function produce(Redis $redis, int $first, int $last): void
{
    for ($begin = $first; $begin <= $last; $begin += 100) {
        $pipeline = $redis->multi(Redis::PIPELINE);
        for ($job = $begin; $job < $begin + 100 && $job <= $last; ++$job) {
            $fields = ['job' => (string)$job, 'kind' => 'php', 'payload' => payload_of($job)];
            $pipeline->xAdd('jobs', '*', $fields);
        }
        if (in_array(false, $pipeline->exec(), true)) {
            throw new Exception((string)$redis->getLastError());
        }
    }
}

class Consumer
{
    private int $acked = 0;

    public function __construct(
        private Redis $redis,
        private string $name,
        private int $min_idle_ms,
        private int $hang_after
    ) {
    }

    public function run(): void
    {
        do {
            $claimed = $this->claim();
            $this->work($claimed, 'claimed');
            $read = $this->redis->xReadGroup('workers', $this->name, ['jobs' => '>'], 10, 50);
            $this->work($read['jobs'] ?? [], 'got');
        } while ($claimed || $read || !$this->is_over());
    }

    private function claim(): array
    {
        $pending = $this->redis->xPending('jobs', 'workers', '-', '+', 100);
        $ids = array_column($pending, 0);
        if (!$ids) {
            return [];
        }
        return $this->redis->xClaim('jobs', 'workers', $this->name, $this->min_idle_ms, $ids, []);
    }

    private function work(array $entries, string $how): void
    {
        foreach ($entries as $id => $fields) {
            tell($how, $fields['job'], $id);
        }
        foreach ($entries as $id => $fields) {
            $job = (int)$fields['job'];
            if (count($fields) !== 3 || $fields['payload'] !== payload_of($job)) {
                throw new Exception("job $job is damaged");
            }
            tell('worked', $job);
            $is_last = $id === array_key_last($entries);
            if ($this->hang_after && $this->acked >= $this->hang_after && !$is_last) {
                tell('hangs');
                sleep(3600);
            }
            tell('acked', $job, $this->redis->xAck('jobs', 'workers', [$id]));
            ++$this->acked;
        }
    }

    private function is_over(): bool
    {
        if (!$this->redis->exists('closed')) {
            return false;
        }
        $group = $this->redis->xInfo('GROUPS', 'jobs')[0];
        return $group['lag'] === 0 && $group['pending'] === 0;
    }
}

[, $role, $port] = $argv;
$redis = new Redis();
$redis->connect('127.0.0.1', (int)$port);
if ($role === 'producer') {
    produce($redis, (int)$argv[3], (int)$argv[4]);
} else {
    (new Consumer($redis, $argv[3], (int)$argv[4], (int)$argv[5]))->run();
}
