using Ledger.Core;

namespace Ledger.Consensus.Flight;

/// <summary>
/// What an engine stepped through at one go, and what it wanted. Nothing in it changes any more.
/// </summary>
public sealed record EngineTurn(Input[] Inputs, TurnEffects Effects)
{
    public static EngineTurn Of(IReadOnlyList<Input> inputs, Effects effects)
        => new([.. inputs], effects.Copy());
}

/// <summary>The effects of one turn, as they were handed over.</summary>
/// <param name="Hints">Said at once.</param>
/// <param name="Repeats">Said again.</param>
/// <param name="Records">Made durable.</param>
/// <param name="Compaction">What the journal was replaced by; null: it was not.</param>
/// <param name="Promises">Signed and said after that.</param>
/// <param name="Requests">Asked of the world.</param>
public sealed record TurnEffects(
    (HintMessage Message, Recipients To)[] Hints,
    (Verified Said, Recipients To)[] Repeats,
    JournalRecord[] Records,
    JournalRecord[]? Compaction,
    Outgoing[] Promises,
    Effect[] Requests);
