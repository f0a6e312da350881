namespace Ledger.Consensus.Raft;

/// <summary>The members as a replica's log has them.</summary>
/// <param name="Latest">In force, whether it is committed or not (Raft §6).</param>
/// <param name="Committed">The last that is known to be committed: whoever is in it may still be
/// needed.</param>
public sealed record MembersView(RaftConfiguration Latest, RaftConfiguration Committed);
