using Ledger.Core;

namespace Ledger.Consensus;

/// <summary>
/// Where an engine stands, for status, metrics and whoever looks for the one that proposes. In Raft a view is
/// a term and its primary the leader.
/// </summary>
public interface IEngineStatus
{
    /// <summary>The view this replica is in or has asked for; in Raft its term.</summary>
    View View { get; }

    /// <summary>False while the view has no primary yet that this replica knows.</summary>
    bool HasEntered { get; }

    /// <summary>Who proposes; null while nobody does, as far as this replica knows.</summary>
    ValidatorIndex? Primary { get; }

    bool IsPrimary { get; }

    /// <summary>The height of the last block decided here.</summary>
    Height Committed { get; }

    /// <summary>Raft: the members as the log has them; null where the ledger alone knows.</summary>
    Raft.MembersView? Members => null;
}
