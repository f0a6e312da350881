using System.Collections.Concurrent;
using System.Net;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;
using MessagePack;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ledger.Cli.Tests;

/// <summary>
/// A node as its clients see it: it answers over HTTP, applies each transaction once by its hash, and can be
/// told to fail in the ways that a network fails.
/// </summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly ConcurrentDictionary<Digest, bool> _seen = new();
    private readonly ConcurrentDictionary<string, int> _applications = new();

    private FakeNode(WebApplication web) => _web = web;

    /// <summary>Called with the number of the request, from 1, once its transactions are applied.</summary>
    public Func<int, HttpContext, Task> BeforeAnswer { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Keys whose puts take no effect, with the reason.</summary>
    public ConcurrentDictionary<string, string> Refuses { get; } = new();

    /// <summary>The members that it tells of.</summary>
    public IReadOnlyList<ValidatorReply> Members { get; set; } = [];

    public int Requests { get; private set; }

    public string Url => _web.Urls.Single();

    /// <summary>How often each key was written: more than once is what must not be.</summary>
    public IReadOnlyDictionary<string, int> Applications => _applications;

    public IEnumerable<Digest> Hashes => _seen.Keys;

    public static async Task<FakeNode> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var web = builder.Build();
        FakeNode node = new(web);
        using var validator = SigningKey.FromSeed(new byte[SigningKey.SeedSize]);
        Genesis genesis = new(
            "trial", ConsensusMode.Pbft, new(0), [new("validator-1", validator.PublicKey)],
            [new(validator.PublicKey, Role.Admin, "")]);
        web.MapGet("/v1/genesis", () => Results.Text(GenesisFile.Write(genesis), "application/json"));
        web.MapPost("/v1/transactions", (Delegate)node.SubmitAsync);
        web.MapGet("/v1/validators", () => node.Members);
        web.MapPost("/admin/v1/members/check", () => new MembersReply(true));
        await web.StartAsync();
        return node;
    }

    /// <summary>No answer, for as long as the client waits for one.</summary>
    public static async Task UntilGoneAsync(HttpContext context)
    {
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var told = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private async Task<IResult> SubmitAsync(HttpContext context)
    {
        var number = ++Requests;
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        List<TransactionReply> replies = [.. Decode(body.ToArray()).Select(Apply)];
        await BeforeAnswer(number, context);
        return Results.Json(replies);
    }

    private TransactionReply Apply(Transaction transaction)
    {
        var operation = Assert.Single(transaction.Body.Operations);
        var key = operation is Operation.Put put ? put.Key : operation.GetType().Name;
        if (Refuses.TryGetValue(key, out var reason))
        {
            return new(transaction.Hash.ToString(), "final", 1, 0, Applied: false, reason, "refused");
        }

        if (_seen.TryAdd(transaction.Hash, true))
        {
            _applications.AddOrUpdate(key, 1, (_, count) => count + 1);
        }

        return new(transaction.Hash.ToString(), "final", 1, 0, Applied: true);
    }

    private static List<Transaction> Decode(byte[] body)
    {
        MessagePackReader reader = new(body);
        List<Transaction> transactions = [];
        for (var left = reader.ReadArrayHeader(); left > 0; left--)
        {
            var encoded = System.Buffers.BuffersExtensions.ToArray(reader.ReadBytes()!.Value);
            Assert.True(Transaction.TryDecode(encoded, out var transaction, out var fault), fault);
            transactions.Add(transaction);
        }

        return transactions;
    }
}
