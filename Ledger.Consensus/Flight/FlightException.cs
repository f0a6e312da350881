namespace Ledger.Consensus.Flight;

/// <summary>A recording that cannot be made or used; its message says why.</summary>
public sealed class FlightException(string message) : Exception(message);
