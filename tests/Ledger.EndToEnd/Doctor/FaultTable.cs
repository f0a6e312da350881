namespace Ledger.EndToEnd.Doctor;

/// <summary>One fault, and what the doctor says of it in a real network.</summary>
/// <param name="Fault">In words, for the operations page.</param>
/// <param name="Injected">How the test makes it.</param>
/// <param name="Code">The finding's fixed word.</param>
/// <param name="Says">What the finding says; … stands for what differs from time to time.</param>
/// <param name="Exit">The doctor's exit code.</param>
/// <param name="Alert">The alert that wakes somebody for it.</param>
internal sealed record FaultRow(
    string Fault, string Injected, string Code, string Says, int Exit, string Alert);

/// <summary>
/// The table in docs/operations.md. Each row is asserted against a real devnet, and the page against these
/// rows.
/// </summary>
internal static class FaultTable
{
    public const int Degraded = 1;
    public const int Halted = 4;

    public static readonly FaultRow Killed = new(
        "a node is killed", "SIGKILL", "node_down", "validator-4 is down: nothing listens at …", Degraded,
        "LedgerValidatorDown");

    public static readonly FaultRow Stopped = new(
        "the primary stands still", "SIGSTOP", "node_stands_still",
        "validator-1 stands still: … takes the connection and never answers", Degraded,
        "LedgerValidatorDown");

    public static readonly FaultRow WrongGenesis = new(
        "a node has another genesis", "another genesis file", "wrong_genesis",
        "validator-4 at … has another genesis: … of chain 'e2e', where the others have …", Degraded,
        "LedgerStrangersRefused");

    public static readonly FaultRow SharedKey = new(
        "two nodes with one key", "a second process with a copy of the key", "key_shared",
        "a second node with validator-4's key asks to be let in: … two nodes share one key", Degraded,
        "LedgerStrangersRefused");

    public static readonly FaultRow MempoolFull = new(
        "the mempool is full", "a flood into a pool of 200", "mempool_full",
        "validator-1's mempool is full: … of 200 transactions, … clients are told to come again (429)",
        Degraded,
        "LedgerMempoolFull");

    public static readonly FaultRow DiskFull = new(
        "the disk is full", "a file that fills a tmpfs of 40 MiB", "disk_full",
        "validator-4's disk is full: 0 MiB left for its data; it ends, and starts no more, when it cannot "
        + "write",
        Degraded, "LedgerDiskFull");

    public static readonly FaultRow Partition = new(
        "the network is parted 2\\|2", "TCP proxies cut every way between two halves", "partition",
        "the network is parted: validator-1, validator-2 | validator-3, validator-4; no side has the 3 "
            + "that it takes to go on",
        Halted,
        "LedgerNoQuorum");

    public static readonly FaultRow SlowDisk = new(
        "a slow disk", "every sync held up by 200 ms (strace)", "disk_slow",
        "validator-4's disk is slow: a synced write of its journal takes … ms", Degraded,
        "LedgerSlowDisk");

    public static readonly FaultRow ClockOff = new(
        "a clock is a minute off", "libfaketime, 60 s behind", "clock_off",
        "validator-4's clock is 60 s behind the others'", Degraded,
        "LedgerClockSkew");

    public static readonly FaultRow NeverVotes = new(
        "a validator never votes", "a proxy drops its frames of consensus", "does_not_vote",
        "validator-4 is connected and does not vote: it is in none of the last … certificates, and …",
        Degraded,
        "LedgerValidatorMissing");

    public static readonly IReadOnlyList<FaultRow> Rows =
    [
        Killed, Stopped, WrongGenesis, SharedKey, MempoolFull, DiskFull, Partition, SlowDisk, ClockOff,
        NeverVotes,
    ];

    public static string LineOf(FaultRow row)
    {
        var says = row.Says.Replace(" | ", " \\| ", StringComparison.Ordinal);
        return $"| {row.Fault} | {row.Injected} | `{row.Code}`: {says} | {row.Exit} | `{row.Alert}` |";
    }
}
