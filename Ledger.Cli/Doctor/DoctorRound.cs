using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Ledger.Node.Api;

namespace Ledger.Cli.Doctor;

/// <summary>Where a node is asked, and what is known of it before.</summary>
internal sealed record Address(
    Uri Url, string? Expected = null, Func<LocalTrace>? Local = null, bool IsGuess = false);

/// <summary>Asks every node at once, then those that the first ones lead to. Judges nothing.</summary>
internal sealed class DoctorRound : IDisposable
{
    private const int BlocksWanted = 32;

    /// <summary>
    /// Blocks that put evidence on the ledger, the latest ones; what came before them is older still.
    /// </summary>
    private const int AgesWanted = 8;

    private readonly HttpClient _http;

    public DoctorRound(TimeSpan patience) => _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = patience,
        MaxConnectionsPerServer = 2,
    })
    {
        Timeout = patience,
    };

    public async Task<Facts> AskAsync(IReadOnlyList<Address> addresses, CancellationToken cancellationToken)
    {
        // Named twice, by a devnet's folder and by LEDGER_NODE, a node would look like two with one key.
        var distinct = addresses.DistinctBy(address => address.Url);
        List<Visit> visits = [.. Neighbours.Recognise(await VisitAllAsync(distinct, cancellationToken))];
        visits.AddRange(await VisitAllAsync(Neighbours.Of(visits), cancellationToken));
        visits.RemoveAll(
            visit => visit is { IsGuess: true, Status: { } status } && status.Validator != visit.Expected);
        Facts facts = new([], visits, []);

        // A witness knows heights and has no block to show: it is asked where nobody else answers.
        if (facts.Network.OrderBy(member => member.Status!.Role == ValidatorReply.Witness)
            .ThenByDescending(member => member.Status!.Height).FirstOrDefault() is not { } best)
        {
            return facts;
        }

        var from = best.Status!.Height < BlocksWanted ? 1 : best.Status.Height - BlocksWanted + 1;
        var blocks = await FindAsync<BlockReply[]>(best.Url, $"v1/blocks?from={from}", cancellationToken);
        var validators = await MembersAsync(facts.Network, cancellationToken);
        return facts with
        {
            Validators = validators is null
                ? NamesIn(best.Status) : NamesOf(validators, ValidatorReply.Voter, ValidatorReply.Witness),
            Learners = validators is null ? [] : NamesOf(validators, ValidatorReply.Learner),
            Witnesses = validators is null ? [] : NamesOf(validators, ValidatorReply.Witness),
            Roles = (validators ?? []).ToDictionary(one => one.PublicKey, one => one.Role),
            Blocks = blocks ?? [],
            Proofs = await ProofsAsync(facts.Network, best, cancellationToken),
        };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Peers come in the order of their seats, the one that speaks left out.</summary>
    private static List<string> NamesIn(StatusReply status)
    {
        var names = status.PeerList.Select(peer => peer.Name).ToList();
        names.Insert(Math.Clamp(status.ValidatorIndex, 0, names.Count), status.Validator);
        return names;
    }

    private static List<string> NamesOf(IEnumerable<ValidatorReply> validators, params string[] roles)
        => [.. validators.Where(one => roles.Contains(one.Role)).Select(one => one.Name)];

    /// <summary>The present members as the newest answer has them; null when no node tells.</summary>
    private async Task<IReadOnlyList<ValidatorReply>?> MembersAsync(
        IReadOnlyList<Visit> network, CancellationToken cancellationToken)
    {
        var told = await Task.WhenAll(network.Select(async visit => (
            visit.Status,
            Members: await FindAsync<ValidatorReply[]>(visit.Url, "v1/validators", cancellationToken))));
        return MembersHeard.Newest(told.Where(one => one.Members is not null)
            .Select(one => new MembersHeard(one.Status!, one.Members!)));
    }

    private Task<Visit[]> VisitAllAsync(IEnumerable<Address> addresses, CancellationToken cancellationToken)
        => Task.WhenAll(addresses.Select(address => VisitAsync(address, cancellationToken)));

    private async Task<Visit> VisitAsync(Address address, CancellationToken cancellationToken)
    {
        Visit visit = new(
            address.Url, address.Expected, Local: address.Local?.Invoke(), IsGuess: address.IsGuess);
        try
        {
            // The first question opens the connection; the second one is as quick as the way there and back.
            _ = await GetStatusAsync(address.Url, cancellationToken);
            var sent = DateTimeOffset.UtcNow;
            var watch = Stopwatch.StartNew();
            var status = await GetStatusAsync(address.Url, cancellationToken);
            var took = watch.Elapsed;
            var offset = DateTimeOffset.FromUnixTimeMilliseconds(status.Clock) - (sent + (took / 2));
            return visit with { Status = status, ClockOffset = offset, RoundTrip = took };
        }
        catch (Exception exception) when (IsSilence(exception) && !cancellationToken.IsCancellationRequested)
        {
            return visit with { Silence = Of(exception) };
        }
    }

    /// <summary>
    /// Every member is asked: one that was cut off may hold what no other has. Where most have it from the
    /// ledger and one does not yet, the ledger's word stands.
    /// </summary>
    private async Task<IReadOnlyList<Proof>> ProofsAsync(
        IReadOnlyList<Visit> members, Visit best, CancellationToken cancellationToken)
    {
        var served = await Task.WhenAll(members.Select(async member => (
            member.Name,
            Evidence: await FindAsync<EvidenceReply[]>(member.Url, "v1/evidence", cancellationToken) ?? [])));
        Proof[] proofs =
        [
            .. served.SelectMany(
                answer => answer.Evidence.Select(evidence => (answer.Name, Evidence: evidence)))
                .GroupBy(told =>
                    (told.Evidence.PublicKey, told.Evidence.Kind, told.Evidence.View, told.Evidence.Height))
                .Select(about => new Proof(
                    [.. about.Select(told => told.Name).Distinct()],
                    about.Select(told => told.Evidence).MaxBy(evidence => evidence.RecordedAt ?? 0)!)),
        ];
        Dictionary<ulong, TimeSpan> ages = [];
        foreach (var height in proofs.Select(proof => proof.Evidence.RecordedAt).OfType<ulong>().Distinct()
            .OrderDescending().Take(AgesWanted))
        {
            if (await FindAsync<BlockReply>(best.Url, $"v1/blocks/{height}", cancellationToken) is { } block)
            {
                ages[height] = TimeSpan.FromMilliseconds(best.Status!.Clock - block.Time);
            }
        }

        return
        [
            .. proofs.Select(
                proof => proof.Evidence.RecordedAt is { } height && ages.TryGetValue(height, out var age)
                ? proof with { Age = age }
                : proof),
        ];
    }

    private async Task<StatusReply> GetStatusAsync(Uri url, CancellationToken cancellationToken)
    {
        var status = await _http.GetFromJsonAsync<StatusReply>(new Uri(url, "v1/status"), cancellationToken);
        return status is { Validator.Length: > 0, PeerList: not null, GenesisHash: not null }
            ? status
            : throw new JsonException("it is no node's status");
    }

    /// <returns>Null when the node has gone in the meantime: the rest can be judged without it.</returns>
    private async Task<T?> FindAsync<T>(Uri url, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.GetFromJsonAsync<T>(new Uri(url, path), cancellationToken);
        }
        catch (Exception exception) when (IsSilence(exception) && !cancellationToken.IsCancellationRequested)
        {
            return default;
        }
    }

    private static bool IsSilence(Exception exception)
        => exception is HttpRequestException or IOException or JsonException or OperationCanceledException;

    private static Silence Of(Exception exception) => exception switch
    {
        HttpRequestException
        {
            InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused },
        } refused
            => new(SilenceKind.NothingListens, refused.InnerException!.Message),
        HttpRequestException { InnerException: SocketException unreachable }
            => new(SilenceKind.Unreachable, unreachable.Message),
        HttpRequestException { StatusCode: HttpStatusCode status }
            => new(SilenceKind.NotANode, $"HTTP {(int)status}"),
        JsonException garbled => new(SilenceKind.NotANode, garbled.Message),
        OperationCanceledException
        {
            InnerException: TimeoutException { InnerException: OperationCanceledException or IOException },
        }
            => new(SilenceKind.NoAnswer, "no answer in time"),
        OperationCanceledException => new(SilenceKind.Unreachable, "no connection in time"),
        _ => new(SilenceKind.Unreachable, exception.InnerException?.Message ?? exception.Message),
    };
}
