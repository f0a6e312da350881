using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Pbft;

/// <summary>Rests PRE-PREPARE and PREPARE: the block that is voted for, with its body.</summary>
public sealed record Accepted(View View, Block Block) : JournalRecord
{
    public Subject Subject => new(View, Block.Height, Block.Hash);
}

/// <summary>
/// Rests COMMIT: the prepared certificate. Also written when a higher one is learned from others.
/// </summary>
public sealed record Certified(QuorumCertificate Certificate) : JournalRecord;

/// <summary>Rests VIEW-CHANGE: the view asked for and the one report that goes with it.</summary>
public sealed record LeftFor(View Target, QuorumCertificate Report) : JournalRecord;

/// <summary>
/// Rests NEW-VIEW and every vote of the view: the view entered, with the proof that opened it, so that it can
/// be shown again to a replica that missed it.
/// </summary>
/// <param name="NewView">What the primary of the view said.</param>
/// <param name="Signature">The primary's signature; null in the primary's own journal, which signs it
/// again.</param>
public sealed record Entered(NewView NewView, Signature? Signature) : JournalRecord
{
    public View View => NewView.View;
}

/// <summary>
/// The base of this view is committed, so that blocks far above it may be known to descend from it.
/// </summary>
public sealed record BaseFinal(View View) : JournalRecord;
