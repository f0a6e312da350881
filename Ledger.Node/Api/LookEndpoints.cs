using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Ledger.Node.Api;

/// <summary>Reads: blocks, state, accounts, validators, the stream of events.</summary>
internal sealed class LookEndpoints(
    Genesis genesis,
    LedgerStore store,
    ValidatorDirectory directory,
    FinalityWaiters waiters,
    StateProofEndpoints proofs,
    ReadConsistency reads,
    HeavyReads heavy,
    Func<MembersView?> members)
{
    private const int BlocksMax = 100;

    /// <summary>
    /// A reader that never reads holds a block and a buffer; many of them must not hold up consensus.
    /// </summary>
    private const int StreamsMax = 64;
    private const int HistoryDefault = 100;
    private const int HistoryMax = 10_000;

    /// <summary>
    /// Of values in one answer; as text and as base64 they are several times that.
    /// </summary>
    private const int HistoryBytesMax = 4 << 20;

    private int _streams;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/blocks/{height}", (HttpContext http, string height) => Block(http, height))
            .Produces<BlockReply>();
        routes.MapGet("/v1/blocks", (ulong from, ulong? to) => Blocks(from, to)).Produces<BlockReply[]>()
            .AddEndpointFilter(heavy);
        routes.MapGet("/v1/receipts/{hash}", (string hash) => Receipt(hash)).Produces<ReceiptReply>();
        var keyed = routes.MapGroup("").AddEndpointFilter(RefuseEscapedSlash);
        keyed.MapGet(
            "/v1/state/{ns}/{**key}",
            (HttpContext http, string ns, string key, string? consistency, ulong? height, bool? proof)
                => reads.ServeAsync(http, consistency, () => proof == true
                    ? proofs.Key(http, ns, key, height)
                    : State(ns, key, height)))
            .Produces<StateReply>();

        // For keys that a path would change: empty segments, dots, escaped slashes.
        routes.MapGet(
            "/v1/state/{ns}",
            (HttpContext http, string ns, string? key, string? prefix, string? consistency, ulong? height,
                bool? proof)
                => reads.ServeAsync(http, consistency,
                    () => prefix is not null
                    ? heavy.ServeAsync(http, () => proofs.Prefix(http, ns, prefix, height))
                    : Task.FromResult(key is null
                    ? Problems.BadRequest("name a 'key', or a 'prefix' whose keys shall be proven")
                    : proof == true ? proofs.Key(http, ns, key, height)
                    : State(ns, key, height))))
            .Produces<StateReply>();
        keyed.MapGet(
            "/v1/history/{ns}/{**key}", (string ns, string key, int? limit) => History(ns, key, limit))
            .Produces<HistoryEntry[]>().AddEndpointFilter(heavy);
        routes.MapGet("/v1/history/{ns}", (string ns, string key, int? limit) => History(ns, key, limit))
            .Produces<HistoryEntry[]>().AddEndpointFilter(heavy);
        routes.MapGet(
            "/v1/accounts/{address}",
            (HttpContext http, string address, string? consistency)
                => reads.ServeAsync(http, consistency, () => Account(address)))
            .Produces<AccountReply>();
        routes.MapGet("/v1/validators", () => MemberReplies.Of(directory, members()));
        routes.MapGet("/v1/genesis", () => Results.Text(GenesisFile.Write(genesis), "application/json"));
        routes.MapGet("/v1/events", Events);
    }

    /// <summary>
    /// Routing leaves %2F as it stands and decodes the rest, so 'a%2Fb' would be looked up as a key that
    /// nobody meant.
    /// </summary>
    private static ValueTask<object?> RefuseEscapedSlash(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var target = context.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return target.Split('?')[0].Contains("%2f", StringComparison.OrdinalIgnoreCase)
            ? ValueTask.FromResult<object?>(Problems.BadRequest(
                "a path cannot hold an escaped slash (%2F): write the key's slashes as they are, or the "
                + "key as '?key='"))
            : next(context);
    }

    private IResult Block(HttpContext http, string text)
    {
        var height = text == "latest"
            ? store.Head!.Height
            : ulong.TryParse(text, out var number) ? new Height(number) : (Height?)null;
        if (height is null)
        {
            return Problems.BadRequest("a height is a whole number, or 'latest'");
        }

        if (height < store.Kept.Blocks && height <= store.Head!.Height)
        {
            return IsPruned(height.Value);
        }

        if (http.Request.Headers.Accept == TransactionBodies.MessagePackType
            && store.ReadBlockBytes(height.Value) is { } bytes)
        {
            return Results.Bytes(bytes, TransactionBodies.MessagePackType);
        }

        // By the receipts, which name them in order: to hash all of a full block again takes far longer.
        return store.ReadOutline(height.Value) is var (header, count)
            && store.ReadReceipts(height.Value) is { } receipts
            ? Results.Ok(Describe(header, header.ComputeHash(), count) with
            {
                Transactions = [.. receipts.Select(receipt => receipt.Transaction.ToString())],
            })
            : Problems.NotFound($"no block {height} is final here; the head is {store.Head!.Height}");
    }

    private IResult Blocks(ulong from, ulong? to)
    {
        if (to < from)
        {
            return Problems.EmptyRange(from, to.Value);
        }

        if (from < store.Kept.Blocks.Value && from <= store.Head!.Height.Value)
        {
            return IsPruned(new(from));
        }

        var last = Math.Min(to ?? ulong.MaxValue, store.Head!.Height.Value);
        List<BlockReply> blocks = [];
        for (var height = from; height <= last && blocks.Count < BlocksMax; height++)
        {
            if (store.ReadOutline(new(height)) is var (header, transactions))
            {
                blocks.Add(Describe(header, header.ComputeHash(), transactions));
            }
        }

        return Results.Ok(blocks);
    }

    private IResult NoSuchTransaction(string hash)
        => Problems.NotFound(store.Kept.Receipts == Height.Genesis
            ? $"no transaction {hash} is final here"
            : $"no transaction {hash} is final here from height {store.Kept.Receipts} on, and this node "
                + "knows none below");

    private IResult IsPruned(Height height)
        => Problems.Pruned(
            $"block {height} is final and its body is not kept here: this node has blocks from "
            + $"{store.Kept.Blocks} on; ask an archive node");

    private BlockReply Describe(BlockHeader header, Digest hash, int transactions)
    {
        var certificate = store.ReadCertificate(header.Height);
        return new(
            header.Height.Value, hash.ToString(), header.Parent.ToString(), header.Time.UnixMilliseconds,
            header.Proposer.Value, transactions, header.TransactionsRoot.ToString(),
            header.ReceiptsRoot.ToString(),
            header.StateRoot.ToString(), certificate?.Subject.View.Value, certificate is null
            ? null : Names(certificate));
    }

    private string[] Names(QuorumCertificate certificate)
        => [.. certificate.Signers.Select(signer => directory.NameOf(signer.Validator))];

    private IResult Receipt(string text)
    {
        if (!Digest.TryParse(text, out var hash))
        {
            return Problems.BadRequest("a transaction's hash is 64 hexadecimal digits");
        }

        if (store.FindTransaction(hash) is not { } place
            || store.ReadReceipt(place.Height, place.Index) is not { } receipt
            || store.ReadHeader(place.Height) is not { } header)
        {
            return NoSuchTransaction(text);
        }

        var certificate = CertificateAtOrAbove(place.Height);
        return Results.Ok(new ReceiptReply(
            TransactionEndpoints.Final(hash, new(place.Height, place.Index, receipt)),
            header.ComputeHash().ToString(), header.ReceiptsRoot.ToString(),
            certificate is null
                ? null
                : new(
                    certificate.Subject.View.Value, certificate.Subject.Height.Value,
                    certificate.Subject.Block.ToString(), Names(certificate))));
    }

    /// <summary>A block without a certificate of its own is final through a descendant's.</summary>
    private QuorumCertificate? CertificateAtOrAbove(Height height)
    {
        for (; height <= store.Head!.Height; height = height.Next)
        {
            if (store.ReadCertificate(height) is { } certificate)
            {
                return certificate;
            }
        }

        return null;
    }

    private IResult State(string ns, string key, ulong? height)
    {
        if (height is not null)
        {
            return Problems.Of(
                StatusCodes.Status501NotImplemented, "not_in_this_version",
                "this version reads the latest final state only: leave out 'height', or ask for the key's "
                + "history");
        }

        using var snapshot = store.Snapshot();
        var at = snapshot.Head!.Height.Value;
        if (snapshot.ReadState(StateKey.ForEntry(ns, key)) is not { } bytes)
        {
            return Problems.NotFound($"'{key}' is not in namespace '{ns}' at height {at}");
        }

        var entry = KeyEntry.Decode(bytes);
        return Results.Ok(new StateReply(
            ns, key, Convert.ToBase64String(entry.Value.Span), Text(entry.Value.Span), entry.Version, at));
    }

    /// <summary>The newest versions, newest first.</summary>
    private IResult History(string ns, string key, int? limit)
    {
        if (limit is < 1 or > HistoryMax)
        {
            return Problems.BadRequest($"limit: 1 to {HistoryMax}, not {limit}");
        }

        var versions = store.ReadHistory(
            StateKey.ForEntry(ns, key), limit ?? HistoryDefault, HistoryBytesMax);
        return versions.Count == 0
            ? Problems.NotFound($"'{key}' was never in namespace '{ns}'")
            : Results.Ok(versions.Select(version =>
            {
                var entry = version.Value is null ? null : KeyEntry.Decode(version.Value);
                return new HistoryEntry(
                    version.Height.Value, version.Height.Value,
                    entry is null ? null : Convert.ToBase64String(entry.Value.Span),
                    entry is null ? null : Text(entry.Value.Span));
            }).ToArray());
    }

    private IResult Account(string address)
    {
        if (!PublicKey.TryParse(address, out var account))
        {
            return Problems.BadRequest("an address is a public key: 64 hexadecimal digits");
        }

        using var snapshot = store.Snapshot();
        return Results.Ok(new AccountReply(
            account.ToString(), snapshot.Head!.Height.Value,
            [
                .. snapshot.ReadStateRange(StateKey.ForBalances(account)).Select(
                    pair => new BalanceReply(StateKey.ParseBalance(pair.Key), Number.Decode(pair.Value))),
            ],
            [
                .. snapshot.ReadStateRange(StateKey.ForRoles(account))
                    .Select(pair => StateKey.ParseRole(pair.Key)).Select(
                    role => new RoleReply(
                        role.Role.ToString().ToLowerInvariant(), role.Namespace.Length == 0
                        ? null : role.Namespace)),
            ]));
    }

    /// <summary>
    /// Blocks from a height on, as they become final, each after the transactions in it. A block's event
    /// carries its height as id, so a client that comes back with Last-Event-ID misses nothing. Nothing is
    /// queued for a slow client: it reads the chain at its own pace.
    /// </summary>
    private IResult Events(
        HttpContext context, IHostApplicationLifetime lifetime, ulong? from, string? types)
    {
        if (types?.Split(',').FirstOrDefault(type => type is not ("block" or "transaction")) is { } unknown)
        {
            return Problems.BadRequest(
                $"types: 'block', 'transaction' or both with a comma, not '{unknown}'");
        }

        if (Interlocked.Increment(ref _streams) > StreamsMax)
        {
            Interlocked.Decrement(ref _streams);
            context.Response.Headers.RetryAfter = "1";
            return Problems.Of(
                StatusCodes.Status429TooManyRequests, "too_many_streams",
                $"this node serves {StreamsMax} event streams at once; ask another, or ask again later");
        }

        context.Response.OnCompleted(() =>
        {
            Interlocked.Decrement(ref _streams);
            return Task.CompletedTask;
        });

        // Behind the highest height that there can be is nothing, and not the beginning.
        var next = ulong.TryParse(context.Request.Headers["Last-Event-ID"], out var last)
            ? unchecked(Math.Max(last, last + 1))
            : from ?? store.Head!.Height.Value + 1;
        if (next < store.Kept.Blocks.Value && next <= store.Head!.Height.Value)
        {
            return IsPruned(new(next));
        }

        var transactionsToo = types?.Split(',').Contains("transaction") ?? true;
        return TypedResults.ServerSentEvents(
            FollowAsync(context.Response, new(next), transactionsToo, lifetime.ApplicationStopping,
                context.RequestAborted));
    }

    private async IAsyncEnumerable<SseItem<object>> FollowAsync(
        HttpResponse response, Height next, bool transactionsToo, CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken aborted)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        var cancellationToken = either.Token;

        // The client must hear that it is listening, however long the chain is silent.
        await response.Body.FlushAsync(aborted).ConfigureAwait(false);
        while (!cancellationToken.IsCancellationRequested)
        {
            var newHead = waiters.NewHead;
            for (; next <= store.Head!.Height && store.ReadOutline(next) is var (header, transactions);
                next = next.Next)
            {
                if (transactionsToo && store.ReadReceipts(next) is { } receipts)
                {
                    for (var i = 0; i < receipts.Count; i++)
                    {
                        yield return new(
                            TransactionEndpoints.Final(receipts[i].Transaction, new(next, i, receipts[i])),
                            "transaction");
                    }
                }

                yield return new(Describe(header, header.ComputeHash(), transactions), "block")
                {
                    EventId = next.ToString(),
                };
            }

            try
            {
                await newHead.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                yield break;
            }
        }
    }

    private static string? Text(ReadOnlySpan<byte> value)
        => Utf8.IsValid(value) ? Encoding.UTF8.GetString(value) : null;
}
