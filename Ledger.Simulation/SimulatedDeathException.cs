namespace Ledger.Simulation;

/// <summary>The simulated process ends here, in the middle of whatever it did.</summary>
public sealed class SimulatedDeathException : Exception;
