using Ledger.Core;
using Ledger.Node.Api;
using Ledger.Node.Consensus;
using Ledger.Node.Mempool;
using Ledger.Node.Transport;
using Ledger.Storage;

namespace Ledger.Node.Hosting;

/// <summary>What the node can say of itself, put together when it is asked.</summary>
internal sealed class NodeStatus(
    ValidatorDirectory directory,
    IConsensusProtocol protocol,
    LedgerStore store,
    ConsensusLoop loop,
    SharedPool pool,
    PeerNetwork network,
    SyncLag lag,
    NodeVitals vitals,
    Duty duty,
    TimeProvider clock,
    ConsensusJournal journal,
    bool isWitness)
{
    /// <summary>A loop that has not turned for this long while work waits is stuck.</summary>
    private static readonly TimeSpan Stuck = TimeSpan.FromSeconds(10);

    private readonly long _started = clock.GetTimestamp();

    public static string Version { get; } = typeof(NodeStatus).Assembly.GetName().Version?.ToString(3) ?? "0";

    public bool IsAlive => loop.SinceLastTurn < Stuck;

    /// <summary>In sync and, counting itself, connected to a quorum, of which one proposes.</summary>
    public bool IsReady => State == "ready";

    /// <summary>For whoever probes.</summary>
    public string WhyNotReady => State switch
    {
        "removed" => "removed from the validators: it votes no more and will not lead",
        "silent"
            => "silent: it may have signed what it no longer knows, and votes once the others are past that",
        "joining" when isWitness => "no validator yet: an admin is to add it as a witness",
        "joining" => "no validator yet: an admin is to add it",
        _ => "behind, or connected to too few validators for a quorum",
    };

    /// <summary>Why it takes no transactions, for programs and for people; null when it does.</summary>
    public (string Code, string Sentence)? RefusalOfTransactions
        => !duty.TakesTransactions
            ? ("draining",
                "this node is about to be stopped and takes no new transactions; send it to another")
            : directory.Removal is { } removal
                ? ("removed",
                    $"{directory.SelfName} was removed from the validators by block {removal}, hears no "
                    + $"more of them and takes no transactions; ask {NamesOf(directory.Validators)}")
                : null;

    /// <summary>
    /// Why nothing can become final now, as far as is known here, for people; null when it can.
    /// </summary>
    public string? Obstacle
    {
        get
        {
            var quorum = directory.Validators.Quorums.Quorum;
            return Reached < quorum
                ? $"this {(directory.IsMember ? "validator" : "node")} reaches {Reached} of the {quorum} "
                    + "that make a quorum"
                    + (directory.IsMember ? ", itself included" : "")
                : protocol.PrimaryOf(loop.Position) is null
                    ? "no leader is known: a majority of the voters may be out of reach"
                    : null;
        }
    }

    private bool HasQuorum => Reached >= directory.Validators.Quorums.Quorum;

    /// <summary>Validators in reach, this node too if it is one; those who learn do not count.</summary>
    private int Reached
    {
        get
        {
            var validators = directory.Validators;
            return network.Connected.Count(validators.Contains)
                + (directory.IsMember && validators.Contains(directory.Self) ? 1 : 0);
        }
    }

    private static string NamesOf(ValidatorSet validators)
        => string.Join(" or ", validators.Members.Select(member => member.Name));

    private string State
        => !duty.TakesTransactions ? "draining"
            : directory.Removal is not null ? "removed"
            : !directory.IsMember ? "joining"
            : Obstacle is not null ? "waiting"
            : lag.Blocks > 0 ? "syncing"
            : journal.IsSilent ? "silent"
            : "ready";

    public StatusReply Describe()
    {
        var genesis = directory.Genesis;
        var position = loop.Position;
        var head = isWitness ? null : store.Head!;
        var primary = protocol.PrimaryOf(position);
        PeerReply[] peers =
        [
            .. network.Peers.Select(
                p => new PeerReply(
                    p.Name, p.Connected, p.Address, p.BytesIn, p.BytesOut, p.LastRefusal?.Sentence,
                    p.Endpoint,
                    p.LastRefusal?.Code, AgeMs(p.LastRefusal?.At), AgeMs(p.Since),
                    p.RoundTrip?.TotalMilliseconds)),
        ];
        return new(
            Version, genesis.ChainId, genesis.Hash.ToString(), genesis.Mode.ToString().ToLowerInvariant(),
            directory.SelfName, directory.IsMember ? directory.Self.Value : -1, State,
            (head?.Height ?? position.Committed).Value, head is null ? "" : store.HeadHash.ToString() ?? "",
            head?.StateRoot.ToString() ?? "", head?.Time.UnixMilliseconds ?? 0,
            position.View.Value, position.Entered,
            primary is { } proposes ? directory.NameOf(proposes) : null, position.IsPrimary,
            network.Connected.Count, peers, pool.Count, pool.Bytes,
            clock.GetUtcNow().ToUnixTimeMilliseconds(), (long)clock.GetElapsedTime(_started).TotalSeconds,
            vitals.Measure(HasQuorum), directory.Validators.Quorums.Quorum, directory.Role);
    }

    private long? AgeMs(DateTimeOffset? since)
        => since is { } at ? (long)Math.Max(0, (clock.GetUtcNow() - at).TotalMilliseconds) : null;
}
