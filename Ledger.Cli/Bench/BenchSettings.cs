namespace Ledger.Cli.Bench;

/// <summary>What load to make.</summary>
/// <param name="Nodes">Clients are spread over them.</param>
/// <param name="Clients">Each with a connection of its own and one request at a time.</param>
/// <param name="Duration">How long to send.</param>
/// <param name="Operations">In each transaction.</param>
/// <param name="ValueBytes">Of each operation's value.</param>
/// <param name="Batch">Transactions in one request.</param>
/// <param name="RatePerSecond">Transactions a second over all clients; null for as many as the network
/// takes.</param>
/// <param name="Patience">How long one request may take.</param>
internal sealed record BenchSettings(
    IReadOnlyList<Uri> Nodes,
    int Clients,
    TimeSpan Duration,
    int Operations,
    int ValueBytes,
    int Batch,
    int? RatePerSecond,
    TimeSpan Patience);
