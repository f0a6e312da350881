using Ledger.Cli.Doctor;
using Ledger.Node.Api;

namespace Ledger.Cli.Tests.Doctor;

/// <summary>Networks on paper: four validators that are well, and ways to make them ill.</summary>
internal static class Clinic
{
    public const string Genesis = "aaaaaaaaaaaa";

    private const long Now = 1_800_000_000_000;

    public static readonly string[] Names = ["validator-1", "validator-2", "validator-3", "validator-4"];

    /// <summary>All answer, all are connected, all signed every block.</summary>
    public static Facts Well(string mode = "pbft", ulong height = 40) => new(
        Names, [.. Names.Select(name => Visit(name, mode, height))], Blocks(height, Names));

    private static BlockReply[] Blocks(ulong height, params string[] signers) =>
    [
        .. Enumerable.Range((int)height - 31, 32).Select(h => new BlockReply(
            (ulong)h, "hash", "parent", Now - 60_000, 0, 1, "", "", "", 0, signers)),
    ];

    /// <summary>All are well, and only these stand in the certificates.</summary>
    public static Facts SignedBy(params string[] signers) => Well() with { Blocks = Blocks(40, signers) };

    /// <summary>The one of this name, changed.</summary>
    public static Facts With(this Facts facts, string name, Func<Visit, Visit> change) => facts with
    {
        Visits = [.. facts.Visits.Select(visit => visit.Name == name ? change(visit) : visit)],
    };

    public static Facts WithAll(this Facts facts, Func<Visit, Visit> change)
        => facts with { Visits = [.. facts.Visits.Select(change)] };

    public static Visit WithStatus(this Visit visit, Func<StatusReply, StatusReply> change)
        => visit with { Status = change(visit.Status!) };

    public static Visit WithVitals(this Visit visit, Func<VitalsReply, VitalsReply> change)
        => visit.WithStatus(status => status with { Vitals = change(status.Vitals!) });

    public static Visit WithPeer(this Visit visit, string peer, Func<PeerReply, PeerReply> change)
        => visit.WithStatus(status => status with
        {
            PeerList = [.. status.PeerList.Select(one => one.Name == peer ? change(one) : one)],
        });

    public static Visit Silent(this Visit visit, SilenceKind kind, LocalTrace? local = null)
        => new(visit.Url, visit.Name, Silence: new(kind, "as the system says it"), Local: local);

    /// <summary>It was restored: it is connected and has all blocks, and does not vote.</summary>
    public static Visit FollowsOnly(this Visit visit)
        => visit.WithStatus(status => status with { State = "silent" });

    /// <summary>No connection between those inside and those outside.</summary>
    public static Facts Cut(this Facts facts, Func<string, bool> isInside) => facts.WithAll(visit => Names
        .Where(name => isInside(name) != isInside(visit.Name))
        .Where(_ => visit.Status is not null)
        .Aggregate(visit, (cut, name) => cut.WithPeer(
            name, Refused("half_open", "cannot be reached: half-open"))));

    public static Func<PeerReply, PeerReply> Refused(string code, string sentence) => peer => peer with
    {
        Connected = false,
        ConnectedMs = null,
        RefusalCode = code,
        LastRefusal = sentence,
        RefusalAgeMs = 100,
    };

    /// <summary>That validator-1 signed twice.</summary>
    public static Proof Proof(string kind, ulong? recordedAt, TimeSpan? age, params string[] servedBy) => new(
        servedBy,
        new(
            kind, "validator-1", "key-0", 0, 3, new("one", "by it"), new("another", "by it"), recordedAt,
            "validator-2"),
        age);

    /// <summary>The one finding of this code; fails when there is none, or more.</summary>
    public static Finding The(this Diagnosis diagnosis, string code)
        => Assert.Single(diagnosis.Findings, finding => finding.Code == code);

    private static Visit Visit(string name, string mode, ulong height)
    {
        var index = Array.IndexOf(Names, name);
        PeerReply[] peers =
        [
            .. Names.Where(other => other != name).Select(other => new PeerReply(
                other, true, "127.0.0.1:50000", 1, 1, null,
                $"127.0.0.1:{7000 + (10 * Array.IndexOf(Names, other))}",
                ConnectedMs: 3_600_000)),
        ];
        VitalsReply vitals = new(
            $"key-{index}", 7000 + (10 * index), "nothing", height, 60_000, 0, 0, 100, 1_000_000,
            50L << 30, 100L << 30, 1, 5, 0,
            [
                .. Names.Select(other => other == name
                    ? new VoteReply(other, null, null)
                    : new VoteReply(other, height, 60_000)),
            ],
            []);
        StatusReply status = new(
            "0.1.0", "trial", Genesis, mode, name, index, "ready", height, "head", "root",
            Now - 60_000, 0, true,
            Names[0], index == 0, 3, peers, 0, 0, Now, 3600, vitals);
        return new(new($"http://127.0.0.1:{8080 + (10 * index)}"), name, status,
            RoundTrip: TimeSpan.FromMilliseconds(2));
    }
}
