namespace Ledger.Simulation.Tests.Broken;

/// <summary>One piece of the engine's source and what stands there instead.</summary>
internal sealed record Edit(string File, string Text, string Instead);

/// <summary>An engine with just one rule broken, in as many places as keep it.</summary>
/// <param name="Name">The rule, as a reproach.</param>
/// <param name="Seeds">How many seeds may pass before the simulator must have found it.</param>
/// <param name="Edits">What is changed. The text must occur once.</param>
internal sealed record BrokenRule(string Name, int Seeds, params Edit[] Edits)
{
    /// <summary>Which engine keeps it.</summary>
    public string Engine { get; init; }
        = Edits.Any(edit => edit.File.StartsWith("Raft/", StringComparison.Ordinal)) ? "raft" : "pbft";

    /// <summary>
    /// How long a run must be, in engine steps. Raft's errors want several terms, and most of its steps are
    /// its clock's.
    /// </summary>
    public int Steps { get => field > 0 ? field : Engine == "raft" ? 6000 : 2500; init; }

    /// <summary>Of how many validators. Raft's errors want more than one voter out of reach.</summary>
    public int Nodes => Engine == "raft" ? 5 : 4;

    public override string ToString() => Name;
}
