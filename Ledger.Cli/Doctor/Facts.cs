using Ledger.Core;
using Ledger.Node.Api;

namespace Ledger.Cli.Doctor;

/// <summary>All that the doctor learnt, at one moment; what it concludes follows from this alone.</summary>
/// <param name="Validators">The names of the present validators, in the order of their seats; empty when no
/// node answered.</param>
/// <param name="Visits">Every node that was asked.</param>
/// <param name="Blocks">The last blocks with their signers, oldest first.</param>
internal sealed record Facts(
    IReadOnlyList<string> Validators, IReadOnlyList<Visit> Visits, IReadOnlyList<BlockReply> Blocks)
{
    /// <summary>That a validator signed twice: what the members serve of it, each once.</summary>
    public IReadOnlyList<Proof> Proofs { get; init; } = [];

    /// <summary>Raft: who is sent everything and does not vote yet.</summary>
    public IReadOnlyList<string> Learners { get; init; } = [];

    /// <summary>Raft: the validators that vote and keep no blocks.</summary>
    public IReadOnlyList<string> Witnesses { get; init; } = [];

    /// <summary>What the ledger has each member's key as.</summary>
    public IReadOnlyDictionary<string, string> Roles { get; init; } = new Dictionary<string, string>();

    /// <summary>Nodes that answered.</summary>
    public IReadOnlyList<Visit> Answers => [.. Visits.Where(visit => visit.Status is not null)];

    /// <summary>The genesis that most of them have.</summary>
    public string? Genesis => Visits.Where(visit => visit.Status is not null)
        .GroupBy(visit => visit.Status!.GenesisHash)
        .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)
        .FirstOrDefault()?.Key;

    /// <summary>Nodes that answered and are of this network, validators or not.</summary>
    public IReadOnlyList<Visit> Network
    {
        get
        {
            var genesis = Genesis;
            return [.. Answers.Where(visit => visit.Status!.GenesisHash == genesis)];
        }
    }

    /// <summary>Those of them that are validators.</summary>
    public IReadOnlyList<Visit> Members => [.. Network.Where(visit => Validators.Contains(visit.Name))];

    public bool IsRaft => Members.Any(member => member.Status!.Mode == "raft");

    /// <summary>"view" or "term".</summary>
    public string ViewWord => IsRaft ? "term" : "view";

    public Quorums Quorums => IsRaft
        ? Quorums.Crash(Math.Max(1, Validators.Count))
        : Quorums.Byzantine(Math.Max(1, Validators.Count));

    public ulong Height => Members.Max(member => (ulong?)member.Status!.Height) ?? 0;

    /// <summary>
    /// Whether these two have a connection, as far as either says; one of them must have answered.
    /// </summary>
    public bool Connected(string one, string other)
        => Says(one, other) ?? Says(other, one) ?? false;

    /// <summary>
    /// Whether this validator says that it follows and does not vote: to the others it is as good as down.
    /// </summary>
    public bool IsSilent(string name)
        => Members.Any(member => member.Name == name && member.Status!.State == "silent");

    /// <summary>What members that answered say of a connection to this one.</summary>
    public IEnumerable<(string From, PeerReply Peer)> Testimonies(string about)
        => from member in Members
           where member.Name != about
           from peer in member.Status!.PeerList
           where peer.Name == about
           select (member.Name, peer);

    /// <summary>Members for each word, in their order: "validator-1, validator-2".</summary>
    public static string List(IEnumerable<string> names) => string.Join(", ", names);

    private bool? Says(string who, string about)
        => Members.FirstOrDefault(member => member.Name == who)?.Status!.PeerList
            .FirstOrDefault(peer => peer.Name == about)?.Connected;
}

/// <summary>One node that was asked, and what came of it.</summary>
/// <param name="Url">Where.</param>
/// <param name="Expected">Who should be there, when that was known.</param>
/// <param name="Status">Null when it did not answer.</param>
/// <param name="Silence">Why it did not.</param>
/// <param name="ClockOffset">Its clock less ours, halfway between question and answer.</param>
/// <param name="RoundTrip">From question to answer: the offset is no more certain than half of it.</param>
/// <param name="Local">What this machine shows of it, when it runs here.</param>
/// <param name="IsGuess">The address follows from another node's, and may be wrong.</param>
internal sealed record Visit(
    Uri Url,
    string? Expected = null,
    StatusReply? Status = null,
    Silence? Silence = null,
    TimeSpan ClockOffset = default,
    TimeSpan RoundTrip = default,
    LocalTrace? Local = null,
    bool IsGuess = false)
{
    public string Name => Status?.Validator ?? Expected ?? Url.Authority;

    public VitalsReply? Vitals => Status?.Vitals;
}

/// <summary>A proof that is on the ledger, or that one node at least holds until it is.</summary>
/// <param name="By">Who serves it.</param>
/// <param name="Evidence">As one of them serves it, with its place on the ledger where it has one.</param>
/// <param name="Age">Since the ledger has it; null while it is on none, or its block is not to be
/// had.</param>
internal sealed record Proof(IReadOnlyList<string> By, EvidenceReply Evidence, TimeSpan? Age = null);

/// <summary>Why a node did not answer.</summary>
/// <param name="Kind">What that suggests.</param>
/// <param name="Detail">As the system says it.</param>
internal sealed record Silence(SilenceKind Kind, string Detail);

internal enum SilenceKind
{
    /// <summary>The machine answers that nothing listens there.</summary>
    NothingListens,

    /// <summary>The connection is taken, by the kernel, and no answer comes.</summary>
    NoAnswer,

    /// <summary>Not even a connection.</summary>
    Unreachable,

    /// <summary>Something answers, and it is no node of ours.</summary>
    NotANode,
}

/// <summary>What is seen of a node's process and disk when it runs on this machine.</summary>
/// <param name="Runs">Whether its process lives.</param>
/// <param name="LastWords">The last line of its log that says why it ended.</param>
/// <param name="DiskFreeBytes">Where its data is.</param>
internal sealed record LocalTrace(bool Runs, string? LastWords, long DiskFreeBytes);
