using Ledger.Crypto;

namespace Ledger.Simulation;

/// <param name="Name">The invariant, a few words that stay the same; counted and compared by tools.</param>
/// <param name="Detail">What was seen, for people.</param>
/// <param name="At">When, in virtual time.</param>
public sealed record Breach(string Name, string Detail, TimeSpan At)
{
    public override string ToString() => $"{Name}: {Detail}";
}

/// <summary>What became of one run.</summary>
/// <param name="Options">They reproduce it.</param>
/// <param name="Breach">Null when every invariant held.</param>
/// <param name="TraceHash">Over everything that happened.</param>
/// <param name="Steps">Engine steps, over all validators.</param>
/// <param name="Events">Everything that happened, engine steps apart.</param>
/// <param name="VirtualTime">How long it took in the simulated world.</param>
/// <param name="Blocks">The highest final height.</param>
/// <param name="Transactions">Final ones.</param>
/// <param name="ViewChanges">Views that honest validators asked to leave.</param>
/// <param name="Injections">Fault injections, numbered from 0.</param>
/// <param name="Faults">How often each kind took place.</param>
/// <param name="Liars">The strategies of the liars.</param>
/// <param name="Lies">How often each strategy did what the honest code would not have done.</param>
/// <param name="Evidence">Proofs of lies that honest validators collected.</param>
/// <param name="Accused">Validators against whom the ledger holds proof of a double vote.</param>
/// <param name="Reads">Linearizable reads that were served.</param>
/// <param name="Epochs">How often the set of validators changed.</param>
public sealed record SimulationResult(
    SimulationOptions Options,
    Breach? Breach,
    Digest TraceHash,
    long Steps,
    long Events,
    TimeSpan VirtualTime,
    ulong Blocks,
    long Transactions,
    long ViewChanges,
    int Injections,
    IReadOnlyList<long> Faults,
    IReadOnlyList<string> Liars,
    IReadOnlyList<long> Lies,
    long Evidence,
    int Accused,
    long Reads,
    ulong Epochs);
